"""The commands of `python -m train_resnet`: what each is told, and what it does with it.

The options of a command are the fields of its dataclass. Keras and TensorFlow take seconds to import,
so a command imports what it needs only when it runs.
"""
