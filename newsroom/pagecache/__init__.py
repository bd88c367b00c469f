"""The page cache: anonymous pages answered before Django, purged by what they show.

`wsgi.py` stands around the application and answers; `store.py` keeps the pages; `slots.py` says in shared memory when
each surrogate key last changed; `purging.py` carries what the database's triggers wrote (`sections.models.Purge`)
into the slots. The keys themselves are noted by `sections.surrogates` while a page is made.
"""
