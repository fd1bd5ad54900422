"""The fault drill: what is done to a small run, and whether anything is lost.

`drills.DRILLS` names them; `bench` has the run that they are done to. A drill is a function of a
bench that gives an `Outcome`.
"""
