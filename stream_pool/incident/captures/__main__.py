"""`python -m stream_pool.incident.captures`: the files' names, one a line."""

from stream_pool.incident.captures import reference_capture, reference_settings

if __name__ == "__main__":
    print(reference_capture())
    print(reference_settings())
