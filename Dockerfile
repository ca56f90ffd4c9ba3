# Pin by digest where images are promoted: NODE_IMAGE=node:24-bookworm-slim@sha256:<digest of the day>.
ARG NODE_IMAGE=node:24-bookworm-slim

# The native add-ons (re2, better-sqlite3) are compiled here, for the very Node that runs them.
FROM ${NODE_IMAGE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3 make g++ && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --include=dev --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN node scripts/ensure.mjs && npm prune --omit=dev --no-audit --no-fund && rm -rf dist/.tsbuildinfo dist/.stamp

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="diffgram-egress-proxy" \
      org.opencontainers.image.description="Forward proxy that lets out only the Limited Cases of a Diffgram installation" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist/src dist/src
COPY rules rules
COPY demo demo
COPY scripts/healthcheck.mjs scripts/healthcheck.mjs
COPY LICENSE ./
# The numeric id is what Kubernetes' runAsNonRoot can check; /data and /certs are the only folders that it may write to.
RUN mkdir /data /certs && chown 10001:10001 /data /certs && chmod 700 /data /certs
USER 10001:10001
VOLUME ["/data", "/certs"]
EXPOSE 3128 9464
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s CMD ["node", "scripts/healthcheck.mjs"]
# In exec form, so that the proxy itself gets SIGTERM and can let what is in flight end.
ENTRYPOINT ["node", "--enable-source-maps", "dist/src/cli/main.js"]
CMD ["run", "--data", "/data", "--certs", "/certs"]
