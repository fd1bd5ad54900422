"""What no model can do better than: given the true flow, and given all that frames tell of motion.

May import the rooms `measure` and `console`.
"""
