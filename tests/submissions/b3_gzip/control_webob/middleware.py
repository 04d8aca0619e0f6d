from webob.dec import wsgify


def Gzip(app, level=6):
    @wsgify.middleware
    def squeezed(request, inside):
        answer = request.get_response(inside)
        kind = answer.content_type or ""
        if request.method == "HEAD" or answer.status_int in (204, 304) or answer.content_encoding:
            return answer
        if not (kind.startswith("text/") or kind == "application/json"):
            return answer
        answer.vary = (*(answer.vary or ()), "Accept-Encoding")
        if "gzip" in request.accept_encoding:
            answer.encode_content("gzip", lazy=True)
            if answer.etag_strong if hasattr(answer, "etag_strong") else False:
                answer.etag = (answer.etag, False)
        return answer

    return squeezed(app)
