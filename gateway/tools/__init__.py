"""Tools that need both what channels can do and what is kept: composed here, offered by shelves."""
