// What Apptainer and SingularityCE need in a SIF besides the files of the image.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "image_config.hpp"
#include "image_tree.hpp"

namespace sealos::sif {

/// Texts that stand in the file system and as objects of the SIF.
struct RuntimeTexts {
  std::string definition, environment, run, labels;
  std::string inspect;  ///< "inspect-metadata.json"
};

/// from: what the image was made of.
RuntimeTexts runtime_texts(const ImageConfig& config, std::string_view from,
                           const std::function<void(const std::string&)>& warn);

/// Adds what run times mount things on, and /.singularity.d, in place of what the image has there.
void add_runtime_files(ImageTree& tree, const RuntimeTexts& texts);

}  // namespace sealos::sif
