"""The only door to other hosts: every connected address is judged.

``client`` is the door; ``url`` judges a URL before any lookup, ``judge`` an address, ``allow`` what an
operator opened; ``backend`` makes the connections, ``exchange`` one request, ``saving`` writes a body;
``answers`` are the results. ``url``, ``judge`` and ``allow`` are pure and may be used to refuse early.
"""
