"""The frameworks' own default training geometry, replayed on boxes alone.

`views` holds boxes of many pictures, each drawn once, and their random numbers. `steps` are what happens to
them, one module for each family of steps. `recipes` put steps in a framework's order, one module for each
recipe. `replay` draws a data set with a recipe and lets the encoder judge what is left.
"""
