"""What everybody gets who is refused, whichever part of the app refused: only the app sees all errors."""

from flask import json, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException


def refuse(error: HTTPException) -> ResponseReturnValue:
    """Keep the status and the headers of the error, Allow among them, and write another body."""
    response = error.get_response()
    if request.path.startswith("/api/"):
        response.data, response.content_type = json.dumps({"error": error.name}), "application/json"
    else:
        response.data = render_template("error.html", error=error)
    return response
