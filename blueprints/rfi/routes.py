from flask import Blueprint

blueprint = Blueprint("rfi", __name__)
