"""The public tests of A1. Read them: they show how a server looks at your application."""

from contextlib import suppress
from wsgiref.validate import validator

import requests
from pytest import mark
from werkzeug.test import Client

from grader.testing import Finding

GREETING = "影单 watch-list\n"


@mark.points(8, "correctness", statement="body-text")
def test_says_hello(app, trace):
    """GET / is answered with the greeting"""
    seen = trace(app, "GET", "/")
    if not seen.starts:
        raise Finding("your app never called start_response",
                      "where does application call start_response?")  # fmt: skip
    assert seen.code == 200, "the status line that you pass to start_response"
    assert seen.body.decode("utf-8", "replace") == GREETING, "the text with its newline, and how it becomes bytes"


@mark.points(6, "correctness", statement="content-type")
def test_content_type_and_length(app, trace):
    """the answer says what the body is and where it ends"""
    seen = trace(app, "GET", "/")
    if not seen.starts:
        raise Finding("your app never called start_response",
                      "where does application call start_response?")  # fmt: skip
    assert seen.header("Content-Type") == "text/plain; charset=utf-8", "the value of Content-Type, letter by letter"
    assert seen.header("Content-Length"), "the list of headers: is there a Content-Length?"


@mark.points(6, "correctness", statement="four-shapes")
def test_generator_shape(submission, trace):
    """app_generator gives the greeting too"""
    seen = trace(submission.app_generator, "GET", "/")
    if not seen.starts:
        raise Finding("your app never called start_response",
                      "does app_generator call start_response before it yields?")  # fmt: skip
    assert seen.body.decode("utf-8", "replace") == GREETING, "what app_generator yields"
    assert seen.code == 200, "the status line that you pass to start_response"


@mark.points(6, "correctness", statement="four-shapes")
def test_class_shape(submission, trace):
    """AppClass gives the greeting too"""
    seen = trace(submission.AppClass, "GET", "/")
    if not seen.starts:
        raise Finding("your app never called start_response",
                      "does an instance of AppClass call start_response before its first item?")  # fmt: skip
    assert seen.body.decode("utf-8", "replace") == GREETING, "what __iter__ of AppClass gives"
    assert seen.code == 200, "the status line that you pass to start_response"


@mark.points(6, "correctness", statement="four-shapes")
def test_instance_shape(submission, trace):
    """app_instance gives the greeting too"""
    seen = trace(submission.app_instance, "GET", "/")
    if not seen.starts:
        raise Finding("your app never called start_response",
                      "does __call__ call start_response?")  # fmt: skip
    assert seen.body.decode("utf-8", "replace") == GREETING, "what __call__ of your class returns"
    assert seen.code == 200, "the status line that you pass to start_response"


@mark.points(4, "correctness", statement="served")
def test_served_by_wsgiref(app, serve, trace):
    """a browser gets the greeting from a real server"""
    answer = requests.get(serve(app, server="wsgiref") + "/", timeout=5)
    text = answer.content.decode("utf-8", "replace")
    if (answer.status_code, text) != (200, GREETING):
        with suppress(Exception):
            trace(app, "GET", "/")  # the server says no more than 500; the trace says what your code did
    assert answer.status_code == 200, "what the server does with your answer; run app.py and open it in a browser"
    assert text == GREETING, "is Content-Length the number of bytes?"


@mark.points(4, "protocol", statement="served")
def test_accepted_by_validate(app):
    """the standard library's checker accepts the answer to GET"""
    try:
        with Client(validator(app)).get("/") as answer:
            body = answer.data
    except AssertionError as complaint:
        raise Finding("wsgiref.validate says: {complaint}", look="the part of your answer that it names",
                      complaint=complaint) from None  # fmt: skip
    assert body, "what you return: an iterable with the bytes of the body"
