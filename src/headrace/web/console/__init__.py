"""The console: pages in a browser, rendered here, over the same functions as the JSON API."""
