"""The leak guard: searches what students get to see for anything of the private half, in whatever form it got there.

`secrets` collects what must not be seen, `forms` knows the ways in which text is written, `guard` searches one artefact,
`folders` files, folders and archives. Whoever means to smuggle can always encrypt; this finds what slipped out.
"""
