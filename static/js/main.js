// One module per behaviour, all by delegation: nothing here is needed to use the product, it makes it pleasant.
import "./popup.js";
import "./sheet.js";
import "./chips.js";
import "./flash.js";
import "./why.js";
import "./capture.js";
import "./board.js";
import "./drag.js";
import "./stream.js";
import "./waiting.js";
import "./menu.js";
import "./title.js";
import "./several.js";
import "./peek.js";
import "./keys.js";
import "./fold.js";
import "./refused.js";
