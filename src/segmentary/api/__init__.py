"""HTTP: the OpenStack Networking API v2.0.

wsgi.py            the application and the order of its parts     routes.py     ROUTES: the whole API on one screen
collection.py      list, create, show, update, delete of any resource
body.py            bodies within limits                           exchange.py   the rest of a request
discovery.py       /, /v2.0, /v2.0/extensions                     authentication.py   headers -> Actor
"""
