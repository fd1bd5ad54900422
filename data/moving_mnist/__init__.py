"""Moving MNIST: the digits, the generator with its ground truth, the published test set.

Source: Srivastava, Mansimov, Salakhutdinov 2015.
"""
