"""Which networks reach the environment, and what do its computes reach?"""
