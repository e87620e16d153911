#include "runtime_files.hpp"

#include "scripts.hpp"

namespace sealos::sif {
namespace {

constexpr std::string_view kTop = ".singularity.d/";
constexpr std::string_view kEnvironmentFile = "env/10-docker2singularity.sh";
constexpr std::uint32_t kScriptMode = 0755, kTextMode = 0644;

/// Labels of the image, and those that the run times' own builds add.
Json labels_of(const ImageConfig& config, std::string_view from) {
  Json labels = Json::object();
  for (const auto& [key, value] : config.labels) labels.set(key, value);
  labels.set("org.label-schema.schema-version", "1.0");
  if (config.created) labels.set("org.label-schema.build-date", time_text(*config.created));
  labels.set("org.label-schema.build-arch", config.architecture);
  labels.set("org.label-schema.usage.singularity.deffile.bootstrap", "oci");
  labels.set("org.label-schema.usage.singularity.deffile.from", from);
  return labels;
}

std::string without_end(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

RuntimeTexts runtime_texts(const ImageConfig& config, std::string_view from,
                           const std::function<void(const std::string&)>& warn) {
  RuntimeTexts texts;
  texts.environment = environment_script(config, warn);
  texts.run = run_script(config);
  texts.definition = definition(from, config, texts.environment, texts.run);
  const Json labels = labels_of(config, from);
  texts.labels = labels.dump();
  const std::string environment_path = "/" + std::string(kTop) + std::string(kEnvironmentFile);
  const Json attributes = Json::object(
      {{"labels", labels},
       {"environment", Json::object({{environment_path, without_end(texts.environment)}})},
       {"runscript", without_end(texts.run)},
       {"deffile", without_end(texts.definition)}});
  texts.inspect =
      Json::object({{"data", Json::object({{"attributes", attributes}})}, {"type", "container"}})
          .dump();
  return texts;
}

void add_runtime_files(ImageTree& tree, const RuntimeTexts& texts) {
  for (const char* folder : {"dev", "proc", "root", "var/tmp", "tmp", "etc", "sys", "home"})
    tree.folder(folder);
  tree.root().inode->mode |= 0200;
  // They are mounted over; a link would lead out of the image.
  tree.put_file("etc/hosts", "", kTextMode);
  tree.put_file("etc/resolv.conf", "", kTextMode);
  const auto put = [&](std::string_view path, std::string text, std::uint32_t mode) {
    tree.put_file(std::string(kTop) + std::string(path), std::move(text), mode);
  };
  for (const FixedScript& script : fixed_scripts()) put(script.path, script.text, kScriptMode);
  put(kEnvironmentFile, texts.environment, kScriptMode);
  put("runscript", texts.run, kScriptMode);
  put("labels.json", texts.labels, kTextMode);
  put("Singularity", texts.definition, kTextMode);
  tree.folder(std::string(kTop) + "libs");
  tree.put_link("singularity", ".singularity.d/runscript");
  tree.put_link("environment", ".singularity.d/env/90-environment.sh");
  for (const char* action : {"run", "exec", "test", "shell"}) {
    tree.put_link(std::string(".") + action, std::string(".singularity.d/actions/") + action);
  }
}

}  // namespace sealos::sif
