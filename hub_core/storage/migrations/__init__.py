"""Migrations, one file for each step of the tables."""
