// Draws the model's Vega-Lite specification at the width of its place on the page.

const NARROW = 520; // pixels; a phone has no room for a legend in one line
let embedding; // one import for all charts of a page

function vegaEmbed(script) {
  const base = document.body.dataset.voila ? JSON.parse(
    document.getElementById("jupyter-config-data").textContent).baseUrl : null;
  if (base === null) return Promise.resolve(null);
  embedding ??= import(new URL(base + script, document.baseURI).href)
    .then((module) => module.default)
    .catch((error) => {
      console.warn("charts are shown as still pictures:", error);
      return null;
    });
  return embedding;
}

async function render({ model, el }) {
  const figure = document.createElement("div");
  figure.className = "wb-chart";
  figure.setAttribute("role", "img");
  el.append(figure);

  const embed = await vegaEmbed(model.get("script"));
  let shown = { finalize() {} };
  let width = 0;
  let turn = 0;

  async function draw() {
    figure.setAttribute("aria-label", model.get("label"));
    if (embed === null) {
      figure.innerHTML = model.get("svg");
      return;
    }
    width = Math.floor(figure.clientWidth);
    const spec = structuredClone(model.get("spec"));
    if (width === 0 || !spec.$schema) return; // not laid out yet, or nothing to show yet
    const mine = ++turn;
    spec.width = width;
    spec.autosize = { type: "fit-x", contains: "padding" };
    if (width < NARROW) {
      spec.config = { ...spec.config, legend: { ...spec.config?.legend, columns: 1 } };
    }
    const place = document.createElement("div");
    const drawn = await embed(place, spec, { actions: false, renderer: "svg" });
    if (mine !== turn) return drawn.finalize(); // a later change overtook this one
    shown.finalize();
    shown = drawn;
    figure.replaceChildren(place);
    figure.dataset.drawn = String(mine);
  }

  model.on("change:spec", draw);
  model.on("change:svg", draw);
  const resized = new ResizeObserver(() => {
    if (Math.floor(figure.clientWidth) !== width) draw();
  });
  resized.observe(figure);

  if (embed === null) {
    model.set("wants_svg", true);
    model.save_changes();
  }
  await draw();
  return () => {
    resized.disconnect();
    model.off("change:spec", draw);
    model.off("change:svg", draw);
    shown.finalize();
  };
}

export default { render };
