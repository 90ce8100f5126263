from flask import Blueprint

blueprint = Blueprint("prospects", __name__)
