"""Forms: rules for their fields, and the token that shows whose page a form comes from."""


def validate(data, rules):
    """Return (clean, errors): the values of the good fields, and for each bad one a message.

    A rule is a function. It gets the text that was sent, or None, and returns the value of the field or raises ValueError.
    """
    clean, errors = {}, {}
    # 2. Check: every rule, whatever the others say. TODO
    return clean, errors


# TODO: the rules for movie_id, stars and note. What a view of D1 checked by itself can be asked here.

# TODO: a token for each session, and the comparison with the one that was sent
