"""How each kind of stream is read: whole, in windows, one request a parent, by report period."""
