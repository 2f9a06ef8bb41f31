"use strict";
(() => {
  const DATA = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";

  // Text goes into the page as text only: no string is ever read as HTML.
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }
  function draw(tag, attributes) {
    const element = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  }

  // Commands: each with a button that copies it, or marks it where a browser does not allow that.

  function copyable(code) {
    const button = make("button", { type: "button", class: "copy", "aria-label": "Copy this command" }, "Copy");
    const frame = make("div", { class: "copyable" });
    code.replaceWith(frame);
    frame.append(code, button);
    function mark() {
      getSelection().selectAllChildren(code);
      button.textContent = "Marked";
    }
    button.addEventListener("click", () => {
      if (!navigator.clipboard) mark();
      else navigator.clipboard.writeText(code.textContent).then(() => { button.textContent = "Copied"; }, mark);
    });
    return frame;
  }
  function commandLine(text) {
    const holder = make("div", {}, make("code", { class: "command" }, text));
    copyable(holder.firstChild);
    return holder;
  }
  for (const code of document.querySelectorAll(".aa-steps code, code.command")) copyable(code);

  // Plots

  const style = () => getComputedStyle(document.documentElement);
  function colours() {
    const css = style();
    return (name) => {
      if (name !== "scale") return css.getPropertyValue("--" + name).trim();
      return [0, 1, 2, 3].map((step) => [step / 3, css.getPropertyValue("--scale-" + step).trim()]);
    };
  }
  function coloured(value, colour) {
    if (typeof value === "string") return /^\$[a-z-]+[0-9]*$/.test(value) ? colour(value.slice(1)) : value;
    if (Array.isArray(value)) {
      if (typeof value[0] !== "object" || value[0] === null) return value;
      return value.map((part) => coloured(part, colour));
    }
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, coloured(part, colour)]));
  }
  function layoutOf(plot, colour) {
    const axis = { gridcolor: "$grid", linecolor: "$line", zerolinecolor: "$line", automargin: true };
    const own = plot.layout;
    return coloured({
      margin: { l: 55, r: 15, t: 15, b: 50 },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: "$ink", size: 13, family: "system-ui, sans-serif" },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
      hoverlabel: { bgcolor: "$card", bordercolor: "$line", font: { color: "$ink" } },
      dragmode: false,
      ...own,
      ...(own.legend ? { legend: { y: 1.02, yanchor: "bottom", x: 0, ...own.legend } } : {}),
      xaxis: { ...axis, ...own.xaxis }, yaxis: { ...axis, ...own.yaxis },
    }, colour);
  }
  const CONFIG = { responsive: true, displayModeBar: false, scrollZoom: false };
  const shownView = new Map();
  function render(plot) {
    const colour = colours();
    const view = plot.views.length ? plot.views[shownView.get(plot.id) || 0] : null;
    const data = plot.data.map((trace, number) => ({
      ...coloured(trace, colour), visible: view === null || view.includes(number),
    }));
    const several = data.filter((trace) => trace.visible && trace.showlegend !== false && trace.type !== "heatmap").length > 1;
    return Plotly.react("plot-" + plot.id, data, { showlegend: several, ...layoutOf(plot, colour) }, CONFIG);
  }
  const renderAll = () => Promise.all(DATA.plots.map(render));
  for (const select of document.querySelectorAll("select[data-plot]")) {
    select.addEventListener("change", () => {
      shownView.set(select.dataset.plot, Number(select.value));
      render(DATA.plots.find((plot) => plot.id === select.dataset.plot));
    });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", renderAll);
  matchMedia("print").addEventListener("change", renderAll);

  // Trainability map

  function startMap(map) {
    const cells = [...document.querySelectorAll(".cell")];
    const of = (button) => map.rows[button.dataset.row].cells[button.dataset.cell];
    function fill(what) {
      for (const button of cells) {
        const cell = of(button);
        button.style.setProperty("--share", cell[what + "_share"]);
        button.toggleAttribute("data-none", !cell[what === "box" ? "boxes" : "images"]);
        button.querySelector("b").textContent = cell[what + "_text"];
      }
    }
    function tell(button) {
      for (const other of cells) other.setAttribute("aria-pressed", String(other === button));
      const row = map.rows[button.dataset.row], cell = of(button);
      const number = (value) => value.toLocaleString("en");
      const parts = [make("h3", {}, `${row.name} at ${cell.size}`),
        make("p", {}, `${number(cell.boxes)} of ${number(map.boxes)} boxes (${cell.box_text}) can never be trained; ` +
          `of ${number(cell.images)} of ${number(map.images)} images (${cell.image_text}) no box can.`)];
      if (cell.why.length) {
        parts.push(make("div", { class: "sides" },
          make("div", {}, make("h4", {}, "Why"), make("ul", {}, ...cell.why.map(([why, count, meaning]) =>
            make("li", {}, `${number(count)} ${why}: ${meaning}`)))),
          make("div", {}, make("h4", {}, "Where most are lost"), make("ul", {}, ...cell.worst.map(([name, lost, all, why]) =>
            make("li", {}, `${name}: ${lost} of ${all} ${all === 1 ? "box" : "boxes"}, ${why}`))))));
      }
      parts.push(commandLine(cell.command));
      byId("map-detail").replaceChildren(...parts);
    }
    for (const button of cells) button.addEventListener("click", () => tell(button));
    for (const radio of document.querySelectorAll("input[name=map-of]")) radio.addEventListener("change", () => fill(radio.value));
    const present = cells.find((button) => button.closest("tr").classList.contains("present") && button.dataset.cell === "2");
    tell(present || cells.find((button) => button.dataset.cell === "2") || cells[0]);
  }
  if (DATA.map) startMap(DATA.map);

  // Gallery

  const PAGE = 24;
  const form = byId("filters");
  let shown = PAGE;

  function picture(image) {
    const { width, height } = image;
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", preserveAspectRatio: "xMidYMid meet" });
    const title = draw("title", {});
    title.textContent = `${image.name}: ${image.why}`;
    svg.append(title);
    if (image.picture) svg.append(draw("image", { href: image.picture, width, height, preserveAspectRatio: "none" }));
    else svg.append(draw("rect", { width, height, fill: "#3a4048" }));
    const unit = Math.max(width, height) / 400;
    const rectangle = ([x1, y1, x2, y2], extra) => draw("rect", {
      x: x1, y: y1, width: Math.max(x2 - x1, 0), height: Math.max(y2 - y1, 0), "vector-effect": "non-scaling-stroke", ...extra });
    image.boxes.forEach((box, number) => {
      if (box.best && box.status !== "matched") svg.append(rectangle(box.best, { class: "best", "stroke-width": 1.5, "data-box": number }));
    });
    image.boxes.forEach((box, number) => {
      svg.append(rectangle(box.box, { class: "halo", "stroke-width": 4.5, "data-box": number }));
      svg.append(rectangle(box.box, { class: "box s-" + box.status, "stroke-width": 2.5, "data-box": number }));
    });
    for (const [x, y, kind] of image.points) {
      if (kind === 2) {
        const arm = 5 * unit;
        svg.append(draw("path", { d: `M${x - arm} ${y - arm}L${x + arm} ${y + arm}M${x - arm} ${y + arm}L${x + arm} ${y - arm}`,
          stroke: "#ff4d1f", "stroke-width": 2, "vector-effect": "non-scaling-stroke" }));
      } else svg.append(draw("circle", { cx: x, cy: y, r: 1.8 * unit, fill: kind ? "#4aa8ff" : "none", stroke: "#4aa8ff" }));
    }
    return svg;
  }
  function highlight(svg, number) {
    for (const shape of svg.querySelectorAll("[data-box]")) {
      shape.classList.toggle("dim", number !== null && shape.dataset.box !== String(number));
    }
  }
  function boxList(image, svg) {
    const list = make("ul", { class: "boxes" });
    image.boxes.forEach((box, number) => {
      const item = make("li", { tabindex: "0", class: "s-" + box.status },
        make("span", { class: "tag", style: "--dot:var(--box)" }, box.label), " " + box.says);
      for (const name of ["mouseenter", "focus"]) item.addEventListener(name, () => highlight(svg, number));
      for (const name of ["mouseleave", "blur"]) item.addEventListener(name, () => highlight(svg, null));
      list.append(item);
    });
    const left = image.of - image.boxes.length;
    if (left > 0) list.append(make("li", {}, left === 1 ? "1 box is not drawn." : `${left} boxes are not drawn.`));
    return list;
  }
  function card(image) {
    const drawable = image.width > 0;
    const svg = drawable ? picture(image) : make("p", {}, "The size of this image is unknown.");
    const frame = drawable ? make("button", { class: "frame", type: "button", "aria-label": `Enlarge ${image.name}` }, svg) :
      make("div", { class: "frame" }, svg);
    if (drawable) frame.addEventListener("click", () => enlarge(image));
    const tags = make("div", { class: "tags" });
    if (image.verdict) tags.append(make("span", { class: "tag v-" + image.verdict }, image.verdict));
    for (const cause of image.causes) tags.append(make("span", { class: "tag", style: `--dot:var(--cause-${cause})` }, cause));
    if (image.split) tags.append(make("span", { class: "tag plain" }, image.split));
    const text = make("div", { class: "text" }, make("h3", {}, image.name), make("p", {}, image.why), tags);
    if (drawable && !image.picture) text.append(make("p", { class: "soft" }, "The image file was not found or cannot be read."));
    if (image.boxes.length) text.append(make("details", {}, make("summary", {}, image.of === 1 ? "1 box" : `${image.of} boxes`), boxList(image, svg)));
    if (image.command) text.append(commandLine(image.command));
    return make("article", { class: "image" }, frame, text);
  }
  function enlarge(image) {
    const body = byId("large-body");
    const svg = picture(image);
    body.replaceChildren(make("h3", {}, image.name), make("p", {}, image.why), svg, boxList(image, svg));
    byId("large").showModal();
  }

  const FILTERS = {
    verdict: (image) => (image.verdict ? [image.verdict] : []), cause: (image) => image.causes,
    class: (image) => image.classes, split: (image) => (image.split ? [image.split] : []),
  };
  function matching() {
    const wanted = Object.fromEntries(Object.keys(FILTERS).map((name) => [name, form.elements[name].value]));
    const search = form.elements.search.value.trim().toLowerCase();
    return DATA.images.filter((image) =>
      Object.entries(FILTERS).every(([name, of]) => !wanted[name] || of(image).includes(wanted[name])) &&
      (!search || image.name.toLowerCase().includes(search) || image.id.toLowerCase().includes(search)));
  }
  function show() {
    const found = matching();
    byId("cards").replaceChildren(...found.slice(0, shown).map(card));
    const number = Math.min(found.length, shown);
    byId("count").textContent = found.length ? `${number} of ${found.length} matching images shown` : "No image matches these filters.";
    byId("more").hidden = found.length <= shown;
  }
  function startGallery() {
    for (const [name, of] of Object.entries(FILTERS)) {
      const counts = new Map();
      for (const image of DATA.images) for (const value of of(image)) counts.set(value, (counts.get(value) || 0) + 1);
      const select = form.elements[name];
      for (const value of [...counts.keys()].sort()) select.append(make("option", { value }, `${value} (${counts.get(value)})`));
      if (counts.size < 2) select.closest("label").hidden = counts.size === 0;
    }
    form.addEventListener("input", () => { shown = PAGE; show(); });
    form.addEventListener("reset", () => setTimeout(() => { shown = PAGE; show(); }));
    form.addEventListener("submit", (event) => event.preventDefault());
    byId("more").addEventListener("click", () => {
      const before = shown;
      shown += PAGE;
      show();
      const next = byId("cards").children[before];
      if (next) next.querySelector("button, summary")?.focus();
    });
    show();
  }
  if (form) startGallery();
  renderAll().then(() => { document.documentElement.dataset.ready = "yes"; });
})();
