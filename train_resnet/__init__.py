"""Training, evaluating and exporting the networks: `python -m train_resnet --help`."""
