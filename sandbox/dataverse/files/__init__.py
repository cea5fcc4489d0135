"""Columns that hold files and images: their definitions, uploads and downloads, whole or in chunks."""
