import type { FirstPartySite } from "./first-party.js";

/**
 * What stands in front of each script that is served first-party: the tag manager's code knows only its vendor's addresses, so what it asks
 * of these is led to the installation's own domain. It opens nothing (the page's Content-Security-Policy forbids the vendor's addresses anyway)
 * and hides nothing: an address that it misses is a request that the browser refuses.
 */
export function firstPartyShim({ path, destinations }: Pick<FirstPartySite, "path" | "destinations">): string {
  const ways = Object.fromEntries(destinations().map(({ host, name }) => [host, `${path}/${name}`]));
  // JSON inside a script: `</` could end its element, were it ever set inline.
  return `${SHIM.replace("WAYS", () => JSON.stringify(ways).replaceAll("<", "\\u003c"))}\n`;
}

const SHIM = `(function (ways) {
  if (window.__egressFirstParty) return;
  window.__egressFirstParty = true;
  function own(given) {
    try {
      var url = new URL(String(given), location.href);
      return Object.prototype.hasOwnProperty.call(ways, url.hostname) ? ways[url.hostname] + url.pathname + url.search : given;
    } catch (error) {
      return given;
    }
  }
  var fetches = window.fetch;
  window.fetch = function (asked, how) {
    var request = typeof Request === "function" && asked instanceof Request;
    return fetches.call(this, request ? new Request(own(asked.url), asked) : own(asked), how);
  };
  var beacon = navigator.sendBeacon;
  if (beacon) navigator.sendBeacon = function (url, data) { return beacon.call(navigator, own(url), data); };
  var open = XMLHttpRequest.prototype.open;
  XMLHttpRequest.prototype.open = function () {
    arguments[1] = own(arguments[1]);
    return open.apply(this, arguments);
  };
  [HTMLImageElement, HTMLScriptElement, HTMLIFrameElement].forEach(function (element) {
    var source = Object.getOwnPropertyDescriptor(element.prototype, "src");
    Object.defineProperty(element.prototype, "src", {
      configurable: true,
      enumerable: true,
      get: source.get,
      set: function (url) { source.set.call(this, own(url)); },
    });
  });
})(WAYS);`;
