"""Whole archives of pictures: folders, zip files and buckets, on every core or on a cluster.

One thing flows through this package. An *entry* is a picture that has been found but not read: its
path, size and modification time, and a way to get at its bytes. Entries become *rows*, and rows go
into a *table*. Afterwards a *report* is made of the table.

    inputs -> sources -> entries -> rows -> table -> report
              zips       (on processes or on Ray)

`sources` lists entries lazily in the order of their paths: no more than one folder's names are in
memory at a time. Links to folders are followed once. `zips` lists archives' members and refuses what
must not be unpacked, each member on its own.
`rows` is the only code that makes rows. Whatever goes wrong with a picture becomes a row with an
error, so that a table accounts for every picture.
`processes` runs `rows` on the cores of one machine. Each process loads the recognizer once. Results
come back in the order of the entries, and only so many are under way that memory stays bounded. A
picture that kills its process twice becomes a row with an error.
`ray_engine` runs `rows` on Ray Data. A chunk of entries has a part of the table as its result, whose
name follows from the chunk: doing a chunk again replaces the part and duplicates nothing.
`csv_table` and `parquet_table` write rows. A picture's rows are written whole. The CSV file grows
picture by picture. Of the Parquet parts only the last one grows: it is replaced by a longer one every
256 pictures, so that a killed run leaves parts that can all be read.
`identity` says what the rows depend on: program, weights, detector. It is stored with every table.
`done` remembers what a table holds, by path, size and modification time, in 16 bytes a picture:
`--resume` skips what is there, replaces what has changed, and refuses a table of another identity.
`report` reads the table once more and counts; `plots` draws. So the report of a run that was resumed
ten times, or ran on a cluster, is made in the same way.
`batch` ties these together for `python -m demo classify`; `plan` calculates what an archive will cost.

Why not a pool of the standard library: `ProcessPoolExecutor` breaks as a whole when one process dies,
and does not say which picture killed it. Why processes are spawned and not forked: LiteRT and BLAS
hold threads, which a fork loses.
"""
