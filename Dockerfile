# A small image of one static binary, run by an unprivileged user. The database is another container or server:
# GATEHOUSE_DATABASE_URL says where.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=docker
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X gatehouse/internal/app.Version=${VERSION}" -o /out/gatehouse ./cmd/gatehouse \
 && mkdir -p /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/gatehouse /usr/local/bin/gatehouse
# Evidence files and, unless one is given, the installation's key live here.
COPY --from=build --chown=65532:65532 /out/data /var/lib/gatehouse
VOLUME /var/lib/gatehouse
ENV GATEHOUSE_ADDR=0.0.0.0:8080 GATEHOUSE_DATA=/var/lib/gatehouse GATEHOUSE_LOG_JSON=true
EXPOSE 8080
USER 65532:65532
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s CMD ["/usr/local/bin/gatehouse", "health"]
ENTRYPOINT ["/usr/local/bin/gatehouse"]
CMD ["serve"]
