"""The contestants that are written in Python, each as its own users would write it."""
