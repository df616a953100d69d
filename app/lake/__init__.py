"""The lake: volume data as columns in Parquet, kept by DuckLake, worked on by DuckDB set-wise and out of core.

The only room that imports duckdb.
"""
