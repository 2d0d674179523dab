"""From the bytes of a picture to aligned 48x48 faces, for serving and for training alike."""
