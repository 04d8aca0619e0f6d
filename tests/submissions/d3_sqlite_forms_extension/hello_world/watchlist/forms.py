def validate(data, rules):
    return {}, {}
