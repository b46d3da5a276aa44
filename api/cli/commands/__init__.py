"""The commands of ``dealdesk``: one module for each noun or verb."""
