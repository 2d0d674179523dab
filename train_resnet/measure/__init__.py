"""How good a network is: its answers, their calibration, and every figure about them."""
