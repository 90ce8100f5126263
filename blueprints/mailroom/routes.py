from flask import Blueprint

blueprint = Blueprint("mailroom", __name__)
