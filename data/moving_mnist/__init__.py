"""Moving MNIST: digits, generator and ground truth, what can be foreseen, the published test set.

Source: Srivastava, Mansimov, Salakhutdinov 2015.
"""
