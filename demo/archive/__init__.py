"""Whole archives of pictures: folders, zip files and buckets, on all cores or on a cluster.

An *entry* is a picture that has been found but not read: its path, its size, its modification time
and a way to get its bytes. Entries become *rows*, and rows go into a *table*. At the end, a *report*
is made from the table.

    inputs -> sources -> entries -> rows -> table -> report
              zips       (on processes or on Ray)

`sources` lists entries lazily, in the order of their paths: it holds only the names in the folders
between the input and the current picture. It follows links to folders once. `zips` lists the pictures
in zip files and refuses unsafe ones one by one.
`rows` is the only code that makes rows. Every problem with a picture becomes a row with an error, so a
table accounts for every picture.
`processes` runs `rows` on the cores of one machine. Each process loads the recognizer once. Results
come back in the order of the entries. The number of entries under way is limited, which bounds the
memory. A picture that kills two processes becomes a row with an error.
`ray_engine` runs `rows` on Ray Data. Each chunk of entries becomes one part of the table. The chunk
determines the part's name: if a chunk is read again, its part is replaced, and no row appears twice.
`csv_table` and `parquet_table` write rows, always all rows of a picture together. The CSV file grows
with every picture. Of the Parquet parts only the last one grows: a longer part replaces it every 256
pictures, so all parts stay readable after a killed run.
`identity` names everything that rows depend on: program, weights, detector. Each table stores it.
`done` remembers the pictures in a table by path, size and modification time, in 16 bytes per picture.
With `--resume`, pictures in the table are skipped, changed pictures are replaced, and a table with
another identity is refused.
`report` reads the finished table again and counts; `plots` draws. So a report is made in the same way
after one run, after ten resumed runs and on a cluster.
`batch` joins these modules for `python -m demo classify`; `plan` estimates the cost of an archive.

The work does not use `ProcessPoolExecutor`: when one of its processes dies, the whole pool breaks and
does not say which picture was to blame. Processes are spawned, not forked: LiteRT and BLAS hold
threads, which a fork loses.
"""
