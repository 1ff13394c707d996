"""The documents of the JSON API as types: the server answers with them, the client reads them."""
