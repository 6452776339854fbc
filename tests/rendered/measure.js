// What can be seen of a page: run in the browser by the test beside this file.
() => {
  const shown = (element) => element.checkVisibility({ visibilityProperty: true });
  const named = (element) =>
    `${element.tagName.toLowerCase()}.${element.getAttribute("class") ?? ""} ${(element.textContent ?? "").trim().slice(0, 40)}`;
  const colour = (text) => {
    const parts = (text.match(/[\d.]+/g) ?? ["0", "0", "0", "0"]).map(Number);
    return { rgb: parts.slice(0, 3), alpha: parts[3] ?? 1 };
  };
  const over = (top, alpha, below) => top.map((part, place) => part * alpha + below[place] * (1 - alpha));
  const light = (rgb) => {
    const [r, g, b] = rgb.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [high, low] = [light(one), light(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const known = new Map();
  const ground = (element) => {
    if (known.has(element)) return known.get(element);
    const chain = [];
    for (let at = element; at; at = at.parentElement) chain.push(at);
    let below = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
    for (const at of chain.reverse()) {
      const { rgb, alpha } = colour(getComputedStyle(at).backgroundColor);
      below = over(rgb, alpha, below);
    }
    known.set(element, below);
    return below;
  };
  const opacity = (element) => {
    let found = 1;
    for (let at = element; at; at = at.parentElement) found *= Number(getComputedStyle(at).opacity);
    return found;
  };
  const meets = (a, b, by) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > by &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > by;

  const beyond = [];
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > room) beyond.push(`page: ${document.documentElement.scrollWidth}`);
  for (const element of document.querySelectorAll("body *")) {
    if (!shown(element) || element.closest(".wide, svg") !== null) continue;
    const box = element.getBoundingClientRect();
    if (box.width > 0 && (box.right > room + 1 || box.left < -1) && !element.matches("input")) beyond.push(named(element));
  }

  const empty = [];
  const unnamed = [];
  const cut = [];
  const covered = [];
  const contrast = [];
  const sizes = [];
  const figures = [...document.querySelectorAll("svg")].filter(shown);
  for (const figure of figures) {
    const box = figure.getBoundingClientRect();
    if (box.width < 5 || box.height < 5) empty.push(named(figure));
    if (!figure.querySelector(":scope > title")?.textContent?.trim()) unnamed.push(named(figure));
    const texts = [...figure.querySelectorAll("text")].filter((one) => one.textContent.trim() !== "");
    const boxes = texts.map((one) => one.getBoundingClientRect());
    boxes.forEach((one, place) => {
      if (one.left < box.left - 1 || one.right > box.right + 1 || one.top < box.top - 1.5 || one.bottom > box.bottom + 1.5)
        cut.push(`${named(texts[place])} in ${named(figure)}`);
      for (let other = place + 1; other < boxes.length; other++)
        if (meets(one, boxes[other], 1.2)) covered.push(`${named(texts[place])} and ${named(texts[other])}`);
    });
    const scale = box.width / (figure.viewBox.baseVal?.width || box.width);
    for (const text of texts) {
      const style = getComputedStyle(text);
      let below = ground(figure);
      // What lies beneath a text: the rectangles before it that hold its middle.
      const own = text.getBoundingClientRect();
      for (const rect of figure.querySelectorAll("rect")) {
        if (!(rect.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING)) continue;
        const at = rect.getBoundingClientRect();
        const [x, y] = [(own.left + own.right) / 2, (own.top + own.bottom) / 2];
        if (x < at.left || x > at.right || y < at.top || y > at.bottom) continue;
        const fill = getComputedStyle(rect);
        if (fill.fill !== "none") below = over(colour(fill.fill).rgb, Number(fill.fillOpacity), below);
      }
      const ink = over(colour(style.fill).rgb, opacity(text), below);
      contrast.push({ text: text.textContent.trim(), ratio: ratio(ink, below) });
      sizes.push({ text: text.textContent.trim(), pixels: parseFloat(style.fontSize) * scale });
    }
  }

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (text === "" || element.closest("svg, style") !== null || !shown(element)) continue;
    const style = getComputedStyle(element);
    const below = ground(element);
    const { rgb, alpha } = colour(style.color);
    contrast.push({ text: text.slice(0, 60), ratio: ratio(over(rgb, alpha * opacity(element), below), below) });
    sizes.push({ text: text.slice(0, 60), pixels: parseFloat(style.fontSize) });
  }

  const twice = [...document.querySelectorAll(".plot")]
    .filter(shown)
    .filter((plot) => [...plot.querySelectorAll("svg")].filter(shown).length !== 1)
    .map(named);
  return { beyond, figures: figures.length, empty, unnamed, twice, cut, covered, contrast, sizes, texts: contrast.length };
}
