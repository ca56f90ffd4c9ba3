export const HOST = "licensing.example.com";

/** The policy with the host that the vendor gave, as its comment shows it. */
export function named(text: string): string {
  return text.replace(
    /licensing:\n {4}mode: enforce\n {4}destinations: \[\]/,
    `licensing:
    mode: enforce
    destinations:
      - name: licensing
        host: ${HOST}
        routes:
          - { methods: [POST], path: /v1/status, content_types: [application/json], schema: licensing-status }
          - { methods: [POST], path: /v1/usage, content_types: [application/json], schema: licensing-usage }`,
  );
}

export function limitedOthers(text: string): string {
  return named(text).replaceAll("enabled: true", "enabled: false");
}
