# Pin both by digest where images are promoted:  --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:<digest of the day>
ARG NODE_IMAGE=node:24-bookworm-slim
# glibc, libstdc++ and CA roots; no shell, no package manager. Any Debian 12 base does.
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot

# The native add-ons (re2, better-sqlite3) are compiled here, for the very Node that is copied below.
FROM ${NODE_IMAGE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3 make g++ && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json ./
COPY scripts/native-headers.mjs scripts/
# The image's own headers, so that nothing but packages is downloaded; without the fault of Node 24.21 that makes every wrapped object abort.
RUN npm_config_nodedir=$(node scripts/native-headers.mjs /tmp/headers) npm ci --include=dev --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN node scripts/ensure.mjs && npm prune --omit=dev --no-audit --no-fund && \
    npm sbom --omit=dev --package-lock-only --sbom-format=cyclonedx > sbom.cdx.json
# What was compiled from, and what only compilers and editors read, is two thirds of node_modules.
RUN rm -rf dist/.tsbuildinfo dist/.stamp node_modules/re2/vendor node_modules/re2/lib node_modules/better-sqlite3/deps node_modules/better-sqlite3/src && \
    find node_modules/re2/build node_modules/better-sqlite3/build -type f ! -name re2.node ! -name better_sqlite3.node -delete && \
    find node_modules -type f \( -name "*.map" -o -name "*.d.ts" -o -name "*.d.mts" -o -name "*.d.cts" \) -delete && \
    find dist -name "*.test.js*" -delete && \
    strip --strip-unneeded node_modules/re2/build/Release/re2.node node_modules/better-sqlite3/build/Release/better_sqlite3.node && \
    cp /usr/local/bin/node /tmp/node && strip --strip-unneeded /tmp/node && \
    node --input-type=module -e "$(node scripts/native-headers.mjs --probe)" && \
    mkdir -p /empty/data /empty/certs && chmod 700 /empty/data /empty/certs

FROM ${RUNTIME_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="diffgram-egress-proxy" \
      org.opencontainers.image.description="Forward proxy that lets out only the Limited Cases of a Diffgram installation" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# glibc gives each thread that allocates an arena of its own; two do for these, and take 12 MB less.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
WORKDIR /app
COPY --from=build /tmp/node /usr/local/bin/node
COPY --from=build /app/package.json /app/sbom.cdx.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist/app dist/app
COPY rules rules
COPY demo demo
COPY scripts/healthcheck.mjs scripts/healthcheck.mjs
COPY LICENSE ./
# The only folders that it may write to; numbers are what Kubernetes' runAsNonRoot can check.
# Copied as members of a folder: of a folder itself, COPY keeps no mode.
COPY --from=build --chown=10001:10001 /empty/ /
USER 10001:10001
VOLUME ["/data", "/certs"]
EXPOSE 3128 3129 8080 8443 9464
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s CMD ["/usr/local/bin/node", "scripts/healthcheck.mjs"]
# In exec form, so that the proxy itself gets SIGTERM and can let what is in flight end.
ENTRYPOINT ["/usr/local/bin/node", "dist/app/egress-proxy.js"]
CMD ["run", "--data", "/data", "--certs", "/certs"]
