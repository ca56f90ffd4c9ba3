import assert from "node:assert/strict";
import { test } from "node:test";
import { findNestedViews } from "../../src/body/nested-view.js";
import { inspectSent, shippedInspector } from "./fixture.js";

/**
 * Queries of analytics beacons in the forms that Google's tag sent from 2022 to 2026: on Chrome for macOS, Windows, Linux and Android, and on Safari, which names no
 * brands; with and without consent mode, a linked property, an experiment. The numbers are made up.
 */
const BEACONS = [
  "v=2&tid=G-ABCDEF1234&gtm=45je58j0v177777868za200zd981836553&_p=1787595099918&gcd=13l3l3l3l1l1&npa=0&dma=0&tag_exp=101509157~102015666~103116026~103200004~103233427~104527906~104528501~104684208~104684211~104948813&cid=795425564.1710246633&ul=en-us&sr=2240x1260&uaa=arm&uab=64&uafvl=Not%253BA%253DBrand%3B99.0.0.0%7CGoogle%2520Chrome%3B139.0.7258.67%7CChromium%3B139.0.7258.67&uamb=0&uam=&uap=macOS&uapv=15.6.0&uaw=0&are=1&frm=0&pscdl=noapi&_eu=AEEAAAQ&_s=6&sid=1696480894&sct=19&seg=1&dl=https%3A%2F%2Fdiffgram.example.org%2Fproject%2Fdemo&dr=https%3A%2F%2Fdiffgram.example.org%2F&dt=Diffgram&en=form_start&ep.anonymize_ip=false&ep.debug_mode=false&ep.site_name=Diffgram&ep.form_id=&ep.form_name=&ep.form_destination=https%3A%2F%2Fdiffgram.example.org%2Fuser%2Flogin&epn.form_length=9&ep.first_field_id=&ep.first_field_name=&ep.first_field_type=&epn.first_field_position=2&_et=1482&tfd=31354",
  "v=2&tid=G-ABCDEF1234&gtm=45je44a0v1922121676za200&_p=1778880033272&gcd=13l3l3l3l1&npa=0&dma=0&cid=1250797845.1702633920&ul=es-419&are=1&pscdl=noapi&_geo=1&_rdi=1&_s=1&dt=Diffgram&dl=https%3A%2F%2Fdiffgram.example.org%2F&sid=1697784483&sct=1&seg=0&en=page_view&_fv=1&_nsi=1&_ss=1&_ee=1&tfd=11607",
  "v=2&tid=G-ABCDEF1234&gtm=45je37q0&_p=998017869&cid=284570285.1748202938&ul=en-gb&sr=1077x268&uaa=&uab=64&uafvl=Not%252FA)Brand%3B99.0.0.0%7CGoogle%2520Chrome%3B115.0.5790.110%7CChromium%3B115.0.5790.110&uamb=1&uam=Nexus%205&uap=Android&uapv=6.0&uaw=0&_s=1&sid=1699375836&sct=23&seg=1&dl=https%3A%2F%2Fdiffgram.example.org%2F&dt=Diffgram&en=page_view",
  "v=2&tid=G-ABCDEF1234&gtm=45je69g1v5070378921za20gxf1&_p=1758201304782&_gaz=1&gcd=13l3l3l3l1l1&npa=0&dma=0&_eu=AAAIAGAC&are=1&cid=616819858.1702175294&frm=0&pscdl=noapi&rcb=9&sr=1280x720&uaa=x86&uab=64&uafvl=HeadlessChrome%3B141.0.7390.37%7CNot%253FA_Brand%3B8.0.0.0%7CChromium%3B141.0.7390.37&uam=&uamb=0&uap=Windows&uapv=10.0&uaw=0&ul=ko-kr&gaf=2&_s=1&tag_exp=115616986~115938466~115938469~118897920~118897930~120213116~120385422~120469145~120469153&sid=1697933677&sct=1&seg=0&dl=https%3A%2F%2Fdiffgram.example.org%2F&dt=Diffgram&en=page_view&_fv=1&_nsi=1&_ss=1&tfd=1617",
  "v=2&tid=G-ABCDEF1234&gtm=45je42h0v410965605za200&_p=1705244506512&gcd=13l3l3l3l1&npa=0&dma=0&cid=1339319143.1743241552&ul=en-gb&sr=1280x720&uaa=x86&uab=64&uafvl=Not%2520A(Brand%3B99.0.0.0%7CGoogle%2520Chrome%3B121.0.6167.185%7CChromium%3B121.0.6167.185&uamb=0&uam=&uap=Windows&uapv=10.0.0&uaw=0&are=1&pscdl=noapi&_eu=AEA&_s=2&sid=1707874421&sct=1&seg=0&dl=https%3A%2F%2Fdiffgram.example.org%2F&dt=Diffgram&en=scroll&epn.percent_scrolled=90&_et=12&tfd=19031",
  "v=2&tid=G-ABCDEF1234&gtm=2oeb20&_p=1261114102&_gaz=1&cid=1000094241.1709361589&ul=en-us&sr=1536x864&ir=1&uaa=x86&uab=64&uafvl=Google%2520Chrome%3B107.0.5304.88%7CChromium%3B107.0.5304.88%7CNot%253DA%253FBrand%3B24.0.0.0&uamb=0&uam=&uap=Windows&uapv=10.0.0&uaw=0&_eu=EA&_s=1&sid=1705809806&sct=1&seg=0&dl=https%3A%2F%2Fdiffgram.example.org%2Fdashboard&dr=https%3A%2F%2Fsso.example.org%2F&dt=Dashboard&en=page_view&_fv=1&_nsi=1&_ss=1",
  "v=2&tid=G-ABCDEF1234&gtm=45be55s2h1v3744112455z2599435267za200zb688136138&_p=1724404015764&gcd=13l3l3R3l5l1&npa=0&dma=1&dma_cps=-&tag_exp=101509157~103116026~103130498~103130500~103200004~103233427~103252644~103252646~103351866~103351868~104481633~104481635~104559073~104559075&cid=1326027820.1731403729&ul=de&sr=1280x1024&uaa=x86&uab=64&uafvl=Google%2520Chrome%3B137.0.7151.55%7CChromium%3B137.0.7151.55%7CNot%252FA)Brand%3B24.0.0.0&uamb=0&uam=&uap=Linux%20x86_64&uapv=6.6.72&uaw=0&frm=0&pscdl=noapi&did=dYWQxM2&gdid=dYWQxM2&lps=1&_s=3&sid=1703831903&sct=1&seg=1&dl=https%3A%2F%2Fdiffgram.example.org%2Fproject%2Fdemo%2Ffile%2F5120&dt=Diffgram&en=exception&ep.description=Uncaught%20TypeError%3A%20Cannot%20read%20properties%20of%20undefined%20(reading%20'file_id')&ep.fatal=false&_et=5",
];

const inspector = shippedInspector({ findViews: findNestedViews });
const rulesOf = (query: string, body?: string): readonly string[] =>
  inspectSent(inspector, {
    schema: body === undefined ? undefined : "ga-collect-lines",
    querySchema: "ga-collect",
    query,
    ...(body === undefined ? {} : { body, contentType: "text/plain;charset=UTF-8" }),
  }).findings.map(({ rule }) => rule);

for (const beacon of BEACONS) {
  const [tag] = /(?<=gtm=)[^&]+/.exec(beacon) ?? [];
  test(`a beacon of the tag's build ${tag} goes out, with its event in the query or in lines of its body`, () => {
    assert.deepEqual(rulesOf(beacon), []);
    const event = beacon.indexOf("&en=");
    assert.deepEqual(rulesOf(beacon.slice(0, event), `${beacon.slice(event + 1)}\r\nen=scroll&epn.percent_scrolled=90&_et=31`), []);
  });

  test(`the same is refused with an address of a person, a property of one, a number that is none, or a brand with a name (${tag})`, () => {
    for (const dirty of [
      beacon.replace("&dl=", "&dl=https%3A%2F%2Fdiffgram.example.org%2Fu%2Fdana%40acme-hospital.org&x="),
      `${beacon}&ep.note=dana%40acme-hospital.org`,
      `${beacon}&up.role=annotator`,
      beacon.replace(/&_p=\d+/, "&_p=4111111111111111"),
      beacon.replace(/&_p=\d+/, "&_p=Dana"),
      beacon.replace(/&gtm=[^&]*/, "&gtm=dana_whitfield"),
      `${beacon.replace(/&uap=[^&]*/, "")}&uap=Dana%20Whitfield`,
      `${beacon.replace(/&uafvl=[^&]*/, "")}&uafvl=dana%2540acme-hospital.org%3B1`,
      `${beacon}&_prs=dana_whitfield`,
      `${beacon.replace(/&uafvl=[^&]*/, "")}&uafvl=Dana%20Whitfield`,
      `${beacon.replace(/&tag_exp=[^&]*/, "")}&tag_exp=111222333444`,
      `${beacon.replace(/&did=[^&]*/, "")}&did=dana`,
    ])
      assert.notDeepEqual(rulesOf(dirty), [], dirty.slice(-120));
  });
}
