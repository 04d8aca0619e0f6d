class Recorder:
    pass
