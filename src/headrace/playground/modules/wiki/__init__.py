"""The wiki of each project: a tree of pages, with the versions of their contents."""
