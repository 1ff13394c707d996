"""The pages, a module a section of the menu."""
