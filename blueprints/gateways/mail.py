from flask import Flask


def open_post(app: Flask, server: str) -> None:
    ...
